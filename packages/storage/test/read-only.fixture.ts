// Opens the database as a user who may not write there, and tells the error.
import { Database } from "@larder/storage";

if (process.getuid?.() === 0) {
  process.setegid?.(65534);
  process.seteuid?.(65534);
}
try {
  const { database } = await Database.open({ url: String(process.argv[2]) });
  await database.close();
  process.stdout.write("opened\n");
} catch (error) {
  const { name, message, retryable } = error as { name: string; message: string; retryable: boolean };
  process.stdout.write(`${JSON.stringify({ name, message, retryable })}\n`);
}
