"use client";
import { Midjourney } from "midapi";
import { useRef, useState } from "react";

const mj = new Midjourney({ endpoint: "/api/v1/mj" });

export default function Page() {
  const [said, say] = useState("");
  const [urls, setUrls] = useState([]);
  const isPainting = useRef(false);

  async function paint(form) {
    // A second click comes before the button could be disabled, and would pay twice.
    if (isPainting.current) return;
    isPainting.current = true;
    try {
      await fetch("/api/v1/session", { method: "POST" });
      const request = { taskType: "mj_txt2img", prompt: form.get("prompt") };
      const task = await mj.run(request, { onUpdate: () => say("painting …") });
      say("");
      setUrls(task.images.map(({ url }) => url));
    } catch (error) {
      // The task of `still_running` is there and paid for: `mj.wait(error.taskId)` goes on.
      say(`${error.message} (billed: ${error.billed})`);
    } finally {
      isPainting.current = false;
    }
  }

  return (
    <form action={paint}>
      <input name="prompt" defaultValue="a lighthouse in a storm" aria-label="prompt" />
      <button>Paint</button>
      <p role="status">{said}</p>
      {urls.map((url) => (
        <img key={url} src={url} alt="" width="256" />
      ))}
    </form>
  );
}
