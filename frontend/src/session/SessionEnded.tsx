import { lazy, Suspense, useEffect, useState } from "react";
import { onSessionEnd } from "../api/client";

const SignInAgain = lazy(() =>
  import("./SignInAgain").then((module) => ({ default: module.SignInAgain })),
);

/** Asks to sign in again over the page, so that nothing typed there is lost. */
export function SessionEnded() {
  const [ended, setEnded] = useState(false);
  useEffect(() => onSessionEnd(() => setEnded(true)), []);
  if (!ended) return null;
  return (
    <Suspense fallback={null}>
      <SignInAgain onDone={() => setEnded(false)} />
    </Suspense>
  );
}
