"use client";
import { useRef, useState } from "react";

export default function Page() {
  const [said, say] = useState("");
  const [urls, setUrls] = useState([]);
  const isPainting = useRef(false);

  async function paint(form) {
    // A second click comes before the button could be disabled, and would pay twice.
    if (isPainting.current) return;
    isPainting.current = true;
    try {
      let task = await asked("/api/images", { method: "POST", body: JSON.stringify({ prompt: form.get("prompt") }) });
      while (task.state === "running") {
        say("painting …");
        const soon = Math.min(Math.max((task.expectedAt ?? 0) - Date.now(), 1_000), 30_000);
        await new Promise((resolve) => setTimeout(resolve, soon));
        task = await asked(`/api/images?taskId=${task.taskId}`);
      }
      say(task.state === "failed" ? task.failure.message : "");
      setUrls(task.images.map(({ url }) => url));
    } catch (error) {
      say(error.message);
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

async function asked(url, init) {
  const response = await fetch(url, init);
  const answer = await response.json();
  if (!response.ok) throw new Error(answer.message);
  return answer;
}
