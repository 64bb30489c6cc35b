// What the server wrote into the page: a nonce for styles, and the site's own notice.

import { t } from "../messages";

function served(name: string): string {
  return document.querySelector<HTMLMetaElement>(`meta[name="${name}"]`)?.content ?? "";
}

export const styleNonce = served("sfpfr-nonce");
export const noticeText = served("sfpfr-notice") || t.app.notice;

// Dialogs lock the page's scrolling by a style element of their own; this is where they look.
(globalThis as { __webpack_nonce__?: string }).__webpack_nonce__ = styleNonce;
