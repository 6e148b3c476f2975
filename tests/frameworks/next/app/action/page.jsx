"use client";
import { useState } from "react";
import { paint } from "./actions.js";

export default function Page() {
  const [images, setImages] = useState();
  return <button onClick={async () => setImages(await paint())}>{images === undefined ? "paint" : `${images} images`}</button>;
}
