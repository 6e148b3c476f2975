import { refusal } from "./errors.js";

/** The options of an upload that are no data. */
export const UPLOAD_OPTIONS = ["signal", "file"];

/** Submits a request; files that stand in it where links do are uploaded first, which spends nothing. */
export function submit({ call }, operation, request, options) {
  const { fileUrl, fileUrls } = linksOf(request);
  const hasFiles = [fileUrl].concat(fileUrls).some(isFile);
  if (!hasFiles) return call(operation, [request], options);
  const upload = async (file) => {
    if (!isFile(file)) return file;
    try {
      return (await call("upload", [], { signal: options?.signal, file: blobOf(file) }, UPLOAD_OPTIONS)).url;
    } catch (error) {
      if (error.kind !== "misconfigured" || error.field !== "endpoint") throw error;
      throw refusal("invalid_request", "fileUrl", "must be a link, as the vendor takes no files; upload the file first, or use a gateway", error);
    }
  };
  // As it is now.
  const now = { ...request };
  const uploads = Array.isArray(fileUrls) ? Promise.all(fileUrls.map(upload)) : fileUrls;
  return Promise.all([upload(fileUrl), uploads]).then(([fileUrl, fileUrls]) => call(operation, [{ ...now, fileUrl, fileUrls }], options));
}

/** What stands where links do. What can't be read is refused as a request. */
function linksOf(request) {
  try {
    const { fileUrl, fileUrls } = Object(request);
    return { fileUrl, fileUrls };
  } catch {
    return {};
  }
}

const isFile = (link) => (typeof link === "string" ? /^\s*data:/i.test(link) : typeof link?.arrayBuffer === "function");

/** The file of a `data:` URL. */
function blobOf(file) {
  if (typeof file !== "string") return file;
  const [head, data] = file.trim().split(/,(.*)/s);
  const type = head.slice("data:".length).split(";")[0];
  try {
    const text = /;base64$/i.test(head) ? atob(decodeURIComponent(data)) : decodeURIComponent(data);
    return new Blob([Uint8Array.from(text, (char) => char.charCodeAt(0))], { type });
  } catch (cause) {
    throw refusal("invalid_request", "fileUrl", "must be a well-formed `data:` URL", cause);
  }
}
