/** Text as it stands in HTML. */

const entities = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "'": "&#39;" };
export const escapeHtml = (text) => String(text).replace(/[&<>"']/g, (one) => entities[one]);

/** Three significant digits, whole numbers from 100 on. */
export const shown = (value) => (value >= 100 ? value.toFixed(0) : String(Number(value.toPrecision(3))));
