/** What a Worker holds in memory, asked through the protocol of its debugger. */
import WebSocket from "ws";

/** The inspector of the Worker behind this port; it is closed by `close`. */
export async function inspect(port) {
  const [{ webSocketDebuggerUrl }] = await (await fetch(`http://127.0.0.1:${port}/json`)).json();
  const socket = new WebSocket(webSocketDebuggerUrl);
  const waiting = [];
  let context;
  socket.on("message", (message) => {
    const { id, method, params, result } = JSON.parse(message);
    if (method === "Runtime.executionContextCreated") context ??= params.context.id;
    waiting[id]?.(result);
  });
  await new Promise((resolve, reject) => socket.on("open", resolve).on("error", reject));
  const ask = (method, params) =>
    new Promise((resolve) => socket.send(JSON.stringify({ id: waiting.push(resolve) - 1, method, params })));
  await ask("Runtime.enable");
  return {
    /** The bytes in use, once garbage was collected: of the JavaScript heap and of all WebAssembly memories. */
    async memory() {
      const evaluated = await ask("Runtime.evaluate", { expression: "WebAssembly.Memory.prototype", contextId: context });
      // To find all objects of a class the engine collects garbage first.
      const { objects } = await ask("Runtime.queryObjects", { prototypeObjectId: evaluated.result.objectId });
      const sum = "function () { return this.reduce((sum, { buffer }) => sum + buffer.byteLength, 0); }";
      const summed = await ask("Runtime.callFunctionOn", { objectId: objects.objectId, functionDeclaration: sum, returnByValue: true });
      const { usedSize } = await ask("Runtime.getHeapUsage");
      return { heap: usedSize, webAssembly: summed.result.value };
    },
    close: () => socket.close(),
  };
}
