// The vendor's quick start, its JavaScript program: the class is imported, the base URL is an argument, the rest is as published.
import { MidjourneyAPI } from 'midapi/compat';

// Usage example
async function main() {
  const api = new MidjourneyAPI('YOUR_API_KEY');
  api.baseUrl = process.argv[2];
  try {
    // Text-to-image generation
    console.log('Starting image generation...');
    const taskId = await api.generateImage({
      taskType: 'mj_txt2img',
      prompt: 'A majestic ancient castle perched on a misty mountain peak, golden sunset light illuminating the stone walls',
      speed: 'fast',
      aspectRatio: '16:9',
      version: '7',
      stylization: 500
    });
    // Wait for completion
    console.log(`Task ID: ${taskId}. Waiting for completion...`);
    const result = await api.waitForCompletion(taskId);
    console.log('Image generation successful!');
    console.log('Generated images count:', result.resultUrls.length);
    result.resultUrls.forEach((urlInfo, index) => {
      console.log(`Image ${index + 1}: ${urlInfo.resultUrl}`);
    });
    // Upscale the first image
    console.log('\nStarting upscale of first image...');
    const upscaleTaskId = await api.upscaleImage(taskId, 1);
    const upscaleResult = await api.waitForCompletion(upscaleTaskId);
    console.log('Image upscale successful!');
    console.log('Upscaled image:', upscaleResult.resultUrls[0].resultUrl);
  } catch (error) {
    console.error('Error:', error.message);
  }
}

main();
