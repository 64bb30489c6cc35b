// Sends the scan of a signed paper by the resumable protocol and says under which id it was accepted.

import { csrfToken, type Problem, ProblemError, unreachable } from "../api/client";

export const SCAN_TYPES = "application/pdf,image/jpeg,image/png";
const PART_BYTES = 8 * 1024 * 1024;

/** The id of the accepted upload; refused files throw a ProblemError with the reason. */
export async function sendScan(
  file: File,
  patientId: string,
  onProgress: (share: number) => void,
): Promise<string> {
  const { Upload, DetailedError } = await import("tus-js-client");
  return new Promise((resolve, reject) => {
    const upload = new Upload(file, {
      endpoint: "/api/v1/uploads",
      chunkSize: PART_BYTES,
      retryDelays: [0, 1_000, 3_000, 5_000, 10_000],
      // The name of the file may tell who it is, so it is not sent.
      metadata: { kind: "consent", patient_id: patientId },
      storeFingerprintForResuming: false,
      onBeforeRequest: (request) => request.setHeader("X-CSRF-Token", csrfToken()),
      onProgress: (sent, total) => onProgress(total > 0 ? sent / total : 0),
      onSuccess: () => {
        const id = upload.url?.split("/").pop();
        if (id) resolve(id);
        else reject(unreachable());
      },
      onError: (error) => {
        const body = error instanceof DetailedError ? error.originalResponse?.getBody() : null;
        reject(problemIn(body ?? ""));
      },
    });
    upload.start();
  });
}

function problemIn(body: string): ProblemError {
  try {
    return new ProblemError(JSON.parse(body) as Problem);
  } catch {
    return unreachable();
  }
}
