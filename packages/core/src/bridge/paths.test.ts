import test from "ava";
import { InvalidParamsError } from "../errors/errors.js";
import { instancePaths } from "./paths.js";

test("LARDER_HOME holds everything of an instance", (t) => {
  const paths = instancePaths({ LARDER_HOME: "/srv/l", XDG_RUNTIME_DIR: "/run/user/1", HOME: "/home/u" });
  t.is(paths.socket, "/srv/l/larder.sock");
  t.is(paths.configFile, "/srv/l/larder.toml");
  t.is(paths.databaseUrl, "sqlite:/srv/l/larder.db");
  for (const place of [paths.config, paths.data, paths.state, paths.runtime]) t.is(place, "/srv/l");
});

test("without it the XDG directories are used, or their defaults", (t) => {
  const paths = instancePaths({ HOME: "/home/u", XDG_RUNTIME_DIR: "/run/user/1", XDG_DATA_HOME: "/data" });
  t.is(paths.socket, "/run/user/1/larder/larder.sock");
  t.is(paths.config, "/home/u/.config/larder");
  t.is(paths.databaseUrl, "sqlite:/data/larder/larder.db");
});

test("without a runtime directory the socket is in the state directory", (t) => {
  t.is(instancePaths({ HOME: "/root" }).socket, "/root/.local/state/larder/larder.sock");
});

test("LARDER_DATABASE_URL names the database", (t) => {
  t.is(instancePaths({ LARDER_HOME: "/x", LARDER_DATABASE_URL: "sqlite:/y.db" }).databaseUrl, "sqlite:/y.db");
});

test("a socket path of 107 bytes is taken, of 108 refused with the remedy", (t) => {
  const home = (length: number) => `/${"é".repeat(10)}${"a".repeat(length - 21 - "/larder.sock".length)}`;
  t.is(Buffer.byteLength(instancePaths({ LARDER_HOME: home(107) }).socket), 107);
  t.throws(() => instancePaths({ LARDER_HOME: home(108) }), {
    instanceOf: InvalidParamsError,
    message: /shorter LARDER_HOME/,
  });
});
