/** The pictures a task starts from: dropped, pasted, picked, taken from a result, or given by their link. */
import { element, find, iconButton } from "./dom.js";
import { explain, restated } from "./explain.js";

/** In place of a link that isn't known. */
export const ANY_LINK = "https://example.com/image.jpg";

export class References {
  #midjourney;
  #accepts;
  #changed;
  #complain;
  /** Each a `link`, once there is one, and what to `show`. */
  #pictures = [];

  /**
   * `accepts` says whether files are taken now, `changed` is called when there are other pictures, `complain` with what is wrong
   * with one.
   */
  constructor(midjourney, { accepts, changed, complain }) {
    this.#midjourney = midjourney;
    this.#accepts = accepts;
    this.#changed = changed;
    this.#complain = complain;
    const input = find("#reference-file");
    input.addEventListener("change", () => {
      this.addFiles(input.files);
      input.value = "";
    });
    find("#reference-link").addEventListener("keydown", (event) => {
      if (event.key !== "Enter") return;
      event.preventDefault();
      this.#takeLink();
    });
    addEventListener("paste", ({ clipboardData }) => this.addFiles(clipboardData.files));
    addEventListener("dragover", (event) => {
      if (event.dataTransfer.types.includes("Files")) event.preventDefault();
    });
    addEventListener("drop", (event) => {
      if (event.dataTransfer.files.length === 0) return;
      event.preventDefault();
      this.addFiles(event.dataTransfer.files);
    });
  }

  get count() {
    return this.#pictures.length;
  }

  /** The links, once all that is on its way is uploaded; what was typed and not yet taken counts. */
  async links() {
    this.#takeLink();
    await Promise.all(this.#pictures.map(({ uploading }) => uploading));
    return this.#pictures.map(({ link }) => link);
  }

  /** The links as far as they are known, with others in place of those that aren't: for a price, which doesn't depend on them. */
  linksSoFar() {
    const typed = find("#reference-link").value.trim();
    const links = [...this.#pictures.map(({ link }) => link ?? ANY_LINK), ...(typed ? [typed] : [])];
    return links.length > 0 ? links : [ANY_LINK];
  }

  set(links) {
    this.#pictures.forEach(release);
    this.#pictures = [];
    find("#reference-link").value = "";
    for (const link of links) this.#add({ link });
    this.#render();
  }

  addFiles(files) {
    const pictures = [...files].filter(({ type }) => type.startsWith("image/"));
    if (pictures.length === 0 || !this.#accepts()) return;
    for (const file of pictures) {
      const picture = { show: URL.createObjectURL(file), name: file.name };
      this.#add(picture);
      picture.uploading = this.#upload(picture, file);
      // Whoever submits meanwhile is told, too.
      picture.uploading.catch((error) => this.#pictures.includes(picture) && this.#refused(picture, error));
    }
    this.#render();
  }

  async #upload(picture, file) {
    try {
      picture.link = (await this.#midjourney.upload(file)).url;
      this.#render();
    } catch (error) {
      // The body of an upload is the picture.
      throw restated(error, { message: error.message.replace(/^body: /, "the picture "), field: "fileUrls", billed: "no" });
    }
  }

  #refused(picture, error) {
    this.#remove(picture);
    this.#complain(explain(error), error.field);
  }

  #takeLink() {
    const input = find("#reference-link");
    const link = input.value.trim();
    if (!link) return;
    input.value = "";
    this.#add({ link });
    this.#render();
  }

  #add(picture) {
    this.#pictures.push(picture);
  }

  #remove(picture) {
    this.#pictures = this.#pictures.filter((other) => other !== picture);
    release(picture);
    this.#render();
    (find("#references button") ?? find("#reference-link")).focus();
  }

  #render() {
    const shown = this.#pictures.map((picture, number) => {
      const name = `Remove picture ${number + 1}`;
      const isHere = picture.show ?? (picture.link.startsWith(`${location.origin}/`) ? picture.link : undefined);
      const view = isHere
        ? element("img", { src: isHere, alt: picture.name ?? picture.link })
        : element("span", { className: "link", textContent: hostOf(picture.link), title: picture.link });
      const item = element("li", {}, view, iconButton("close", name, () => this.#remove(picture)));
      item.ariaBusy = String(picture.link === undefined);
      return item;
    });
    find("#references").replaceChildren(...shown);
    this.#changed();
  }
}

function release({ show }) {
  if (show) URL.revokeObjectURL(show);
}

function hostOf(link) {
  return URL.canParse(link) ? new URL(link).hostname : link;
}
