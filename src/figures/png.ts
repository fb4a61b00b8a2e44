/** Pictures as bytes of PNG files. */
import { encode } from "fast-png";
import type { Image } from "../data/codecs/image.js";
import { fitted } from "./contact-sheet.js";

/** 8-bit RGB. */
export const encodePng = (image: Image): Uint8Array => encode({ ...image, depth: 8 });

/** The picture with its longer side at most `side` pixels; smaller ones keep their size. */
export const thumbnailPng = (image: Image, side: number): Uint8Array => encodePng(fitted(image, side));
