import { useQueryClient } from "@tanstack/react-query";
import { Navigate, useSearch } from "@tanstack/react-router";
import { useState } from "react";
import { Loading } from "../kit/States";
import { t } from "../messages";
import { Entrance } from "./Entrance";
import { safeNext } from "./routes";
import { SignInForm } from "./SignInForm";
import { useSessionQuery } from "./session";

/** Where everybody comes in. */
export function SignInPage() {
  const { next } = useSearch({ from: "/sign-in" });
  const { data, isPending } = useSessionQuery();
  const client = useQueryClient();
  // Whoever was in the midst of a second factor goes on there.
  const [done, setDone] = useState(false);
  if (isPending) return <Loading />;
  if (data?.missing_step === "none" && !done) return <Navigate to={safeNext(next)} replace />;
  const step = data && data.missing_step !== "none" ? data.missing_step : "password";
  const title = {
    password: t.session.title,
    code: t.session.codeTitle,
    enrol: t.session.enrolTitle,
  }[step];
  return (
    <Entrance title={title}>
      <SignInForm
        key={step}
        firstStep={step}
        onDone={async () => {
          setDone(true);
          client.clear();
          // A whole load, so that a page with a policy of its own gets it.
          window.location.assign(safeNext(next));
        }}
      />
    </Entrance>
  );
}
