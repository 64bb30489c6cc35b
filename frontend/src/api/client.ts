// The typed client of the service: cookies, CSRF, problems as errors. Nothing here knows a page.

import createFetchClient, { type Middleware } from "openapi-fetch";
import createQueryHooks from "openapi-react-query";
import type { components, paths } from "./schema";

export type Schemas = components["schemas"];
export type Problem = Schemas["Problem"] & Record<string, unknown>;

/** A refusal of the service, or of the network, with words for a person and a next step. */
export class ProblemError extends Error {
  readonly status: number;
  readonly code: string;
  readonly nextStep: string;
  readonly requestId: string | undefined;
  readonly extra: Record<string, unknown>;
  /** How long to wait before the next try, where the service says so. */
  readonly retryAfterS: number | undefined;

  constructor(problem: Partial<Problem> & { detail: string }, retryAfterS?: number) {
    super(problem.detail);
    this.name = "ProblemError";
    this.status = problem.status ?? 0;
    this.code = problem.code ?? "unreachable";
    this.nextStep = problem.next_step ?? "";
    this.requestId = problem.request_id;
    this.extra = problem;
    this.retryAfterS = retryAfterS;
  }
}

/** Where the service could not be reached at all. */
export function unreachable(): ProblemError {
  return new ProblemError({
    status: 0,
    code: "unreachable",
    detail: "The service does not answer.",
    next_step: "Check the connection; what you typed is kept. Then try again.",
  });
}

type Listener = () => void;
const expired = new Set<Listener>();

/** Call `listener` whenever the service says that nobody is signed in; returns how to stop. */
export function onSessionEnd(listener: Listener): () => void {
  expired.add(listener);
  return () => expired.delete(listener);
}

/** Say that the service wants somebody to sign in again. */
export function sessionEnded(): void {
  for (const listener of expired) listener();
}

/** The value that changes must carry, from the cookie that is meant for scripts. */
export function csrfToken(): string {
  for (const part of document.cookie.split("; ")) {
    const [name, ...rest] = part.split("=");
    if (name?.endsWith("-csrf")) return rest.join("=");
  }
  return "";
}

/** The problem in an answer, whatever the answer holds. */
export async function problemOf(response: Response): Promise<ProblemError> {
  const problem = await response
    .clone()
    .json()
    .catch(() => null);
  if (problem && typeof problem.detail === "string") {
    const wait = Number(response.headers.get("Retry-After") ?? Number.NaN);
    return new ProblemError(problem as Problem, Number.isFinite(wait) ? wait : undefined);
  }
  return new ProblemError({
    status: response.status,
    code: "unreadable_answer",
    detail: `The service answered with ${response.status}.`,
    next_step: "Try again; if it stays, tell an administrator.",
  });
}

const policy: Middleware = {
  onRequest({ request }) {
    if (!["GET", "HEAD"].includes(request.method)) request.headers.set("X-CSRF-Token", csrfToken());
    return request;
  },
  async onResponse({ response, schemaPath }) {
    if (response.ok || response.status === 304) return response;
    const problem = await problemOf(response);
    if (problem.status === 401 && schemaPath !== "/api/v1/session") sessionEnded();
    throw problem;
  },
  onError({ error }) {
    if (error instanceof ProblemError) return error;
    if (error instanceof DOMException && error.name === "AbortError") return error;
    return unreachable();
  },
};

export const api = createFetchClient<paths>({ baseUrl: "/", credentials: "same-origin" });
api.use(policy);

/** Hooks over TanStack Query: `query.useQuery("get", "/api/v1/patients", ...)`. */
export const query = createQueryHooks(api);

/** The header that names the version of a record that was read. */
export function ifMatch(version: number): { "if-match": string } {
  return { "if-match": `"${version}"` };
}

/** A file or stream of the service as a response; throws a ProblemError like every other call. */
export async function fetchFile(href: string, init: RequestInit = {}): Promise<Response> {
  let response: Response;
  try {
    response = await fetch(href, { credentials: "same-origin", ...init });
  } catch (error) {
    if (error instanceof DOMException && error.name === "AbortError") throw error;
    throw unreachable();
  }
  if (response.ok) return response;
  const problem = await problemOf(response);
  if (problem.status === 401) sessionEnded();
  throw problem;
}
