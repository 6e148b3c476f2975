"use client";
import { Midjourney } from "midapi";
import { useEffect, useState } from "react";

/** What is made when the page opens. React runs effects twice in development: one key is one task. */
export default function Page() {
  const [idempotencyKey] = useState(() => crypto.randomUUID());
  const [said, say] = useState("painting");
  useEffect(() => {
    const paint = async () => {
      await fetch("/api/v1/session", { method: "POST" });
      const mj = new Midjourney({ endpoint: "/api/v1/mj" });
      return mj.run({ taskType: "mj_txt2img", prompt: "a lighthouse" }, { idempotencyKey });
    };
    paint().then(
      (task) => say(`${task.images.length} images of ${task.taskId}`),
      (error) => say(`${error.kind}: ${error.message}`),
    );
  }, [idempotencyKey]);
  return <p id="said">{said}</p>;
}
