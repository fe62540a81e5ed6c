/** Where the files of a model lie on the web, told from an address as a person has it. */

export interface ModelAddress {
  /** Folders in which they may be, the likelier first; each ends with a slash. */
  folders: string[];
  /** The one file that was asked for, null for the model. */
  file: string | null;
}

/** Whether a text is an address and no path. */
export function isAddress(text: string): boolean {
  return /^https?:\/\//i.test(text);
}

/**
 * Reads an address: of a folder on any web server, of one file in it, or of a model's page on a hub, where
 * OWNER/NAME has its files below resolve/VERSION/.
 *
 * @throws if it is none
 */
export function modelAddress(text: string): ModelAddress {
  let url: URL;
  try {
    url = new URL(text);
  } catch {
    throw new Error(`${text} is no address`);
  }
  if (url.username !== "" || url.password !== "") throw new Error("an address with a name or a password is not used");
  const parts = url.pathname.split("/").filter((part) => part !== "");
  if (parts.length >= 4 && ["tree", "blob"].includes(parts[2])) parts[2] = "resolve"; // a page that shows a version
  const last = parts[parts.length - 1] ?? "";
  const file = last.endsWith(".safetensors") ? last : null;
  if (file !== null) parts.pop();
  const folder = [url.origin, ...parts, ""].join("/");
  const isPage = file === null && parts.length === 2;
  return { folders: isPage ? [`${folder}resolve/main/`, folder] : [folder], file };
}
