/** The two calls of the quick start's class, as it has them: what every figure is compared to. */
export class Bare {
  baseUrl = "https://api.midapi.ai/api/v1/mj";

  constructor(apiKey) {
    this.apiKey = apiKey;
  }

  async generateImage(options) {
    const response = await fetch(`${this.baseUrl}/generate`, {
      method: "POST",
      headers: { Authorization: `Bearer ${this.apiKey}`, "Content-Type": "application/json" },
      body: JSON.stringify(options),
    });
    const result = await response.json();
    if (!response.ok || result.code !== 200) throw new Error(`Generation failed: ${result.msg || "Unknown error"}`);
    return result.data.taskId;
  }

  async getTaskStatus(taskId) {
    const response = await fetch(`${this.baseUrl}/record-info?taskId=${taskId}`, {
      method: "GET",
      headers: { Authorization: `Bearer ${this.apiKey}` },
    });
    const result = await response.json();
    if (!response.ok || result.code !== 200) throw new Error(`Status check failed: ${result.msg || "Unknown error"}`);
    return result.data;
  }
}
