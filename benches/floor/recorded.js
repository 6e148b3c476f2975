/** Stands between the real module and its host, and writes down what is asked. */
import * as host from "./host.js";

let asked;

/** What the real module asks for behind this door. */
export function recorded(door) {
  asked = [];
  door();
  return asked;
}

const recording = (ask) => (call, ...args) => {
  asked.push([ask, args]);
  ask(call, ...args);
};

export const [send, sleep, tell, settle] = [host.send, host.sleep, host.tell, host.settle].map(recording);
