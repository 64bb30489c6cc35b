// What the server wrote into the page: a nonce for styles, and the site's own notice.

import { t } from "../messages";

function served(name: string): string {
  return document.querySelector<HTMLMetaElement>(`meta[name="${name}"]`)?.content ?? "";
}

export const styleNonce = served("sfpfr-nonce");
export const noticeText = served("sfpfr-notice") || t.app.notice;
