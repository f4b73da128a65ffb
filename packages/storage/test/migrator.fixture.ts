// Opens, and so migrates, the database named; tells when it begins and when it has done so, or the error's name.
import { Database } from "@larder/storage";

process.stdout.write("begins\n");
try {
  const { database } = await Database.open({ url: String(process.argv[2]) });
  process.stdout.write("done\n");
  await database.close();
} catch (error) {
  process.stdout.write(`${error instanceof Error ? error.name : error}\n`);
}
