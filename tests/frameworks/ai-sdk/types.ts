import { generateImage } from "ai";
import { createMidjourney, type MidjourneyProviderOptions } from "midapi/ai-sdk";
import { isMidjourneyError } from "midapi";

const midjourney = createMidjourney({ apiKey: "a-key-of-mine" });
const options = { speed: "fast", stylization: 100 } satisfies MidjourneyProviderOptions;

export async function paint(prompt: string): Promise<Uint8Array | undefined> {
  try {
    const { image } = await generateImage({ model: midjourney.image("7"), prompt, aspectRatio: "16:9", n: 4, providerOptions: { midjourney: options } });
    return image.uint8Array;
  } catch (error) {
    if (isMidjourneyError(error)) console.log(error.kind, error.billed);
    return undefined;
  }
}

// @ts-expect-error: no version of Midjourney
midjourney.image("8");
// @ts-expect-error: makes no videos
midjourney.video("mj_txt2img");
// @ts-expect-error: no field of a request
export const wrong: MidjourneyProviderOptions = { stylisation: 100 };
