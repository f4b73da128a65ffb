import test from "ava";
import { BackPressure } from "./back-pressure.js";

function pressure(limits = { unfinishedStanzas: 10, unfinishedBytes: 1000 }) {
  const calls: string[] = [];
  const state = { awaiting: false };
  const stream = { pause: () => void calls.push("pause"), resume: () => void calls.push("resume") };
  const it = new BackPressure({ limits, isAwaiting: () => state.awaiting, onPause: () => {} });
  it.attach(stream);
  const begin = (count: number, bytes = 1) => {
    for (let n = 0; n < count; n++) it.begin(bytes);
  };
  const end = (count: number, bytes = 1) => {
    for (let n = 0; n < count; n++) it.end(bytes);
  };
  const awaits = (awaiting: boolean) => {
    state.awaiting = awaiting;
    it.update();
  };
  return { it, stream, begin, end, awaits, told: () => calls.splice(0) };
}

test("reading stops above the count and begins again at half of it", (t) => {
  const { begin, end, told } = pressure();
  begin(10);
  t.deepEqual(told(), []);
  begin(1);
  t.deepEqual(told(), ["pause"]);
  end(5);
  t.deepEqual(told(), []);
  end(1);
  t.deepEqual(told(), ["resume"]);
});

test("reading stops above the bytes, too", (t) => {
  const { begin, end, told } = pressure();
  begin(2, 501);
  t.deepEqual(told(), ["pause"]);
  end(1, 501);
  t.deepEqual(told(), []);
  end(1, 501);
  t.deepEqual(told(), ["resume"]);
});

test("reading goes on to four times the limits while an answer is awaited", (t) => {
  const { begin, awaits, told } = pressure();
  begin(11);
  t.deepEqual(told(), ["pause"]);
  awaits(true);
  t.deepEqual(told(), ["resume"]);
  begin(29);
  t.deepEqual(told(), []);
  begin(1);
  t.deepEqual(told(), ["pause"]);
  awaits(false);
  t.deepEqual(told(), []);
});

test("what an earlier connection brought counts for the next one", (t) => {
  const { it, stream, begin, end, told } = pressure();
  begin(11);
  it.attach(undefined);
  end(2);
  begin(2);
  t.deepEqual(told(), ["pause"]);
  it.attach(stream);
  t.deepEqual(told(), ["pause"]);
  end(11);
  t.deepEqual(told(), ["resume"]);
});
