// Editing a record that others edit too: what was typed stays, what they changed is shown.

import { useState } from "react";
import { ProblemError } from "../api/client";
import { useDraft } from "../kit/draft";

export interface Stored<T> {
  values: T;
  version: number;
}

interface Typed<T> extends Stored<T> {
  /** What stood there when the typing began. */
  base: T;
}

/** A field that somebody else changed; `mine` when it was typed in here as well. */
export interface Difference<T> {
  field: keyof T & string;
  now: T[keyof T & string];
  mine: T[keyof T & string] | undefined;
}

function same(one: unknown, other: unknown): boolean {
  return JSON.stringify(one) === JSON.stringify(other);
}

/** What differs since the typing began, and the form after it: untouched fields follow theirs. */
export function reconcile<T extends object>(
  typed: T,
  base: T,
  theirs: T,
): { values: T; differences: Difference<T>[] } {
  const values = { ...typed };
  const differences: Difference<T>[] = [];
  for (const field of Object.keys(theirs) as (keyof T & string)[]) {
    if (same(theirs[field], base[field])) continue;
    const touched = !same(typed[field], base[field]);
    if (!touched) values[field] = theirs[field];
    if (same(values[field], theirs[field]) && touched) continue;
    differences.push({ field, now: theirs[field], mine: touched ? typed[field] : undefined });
  }
  return { values, differences };
}

/** A form over a versioned record. `save` may refuse with 412: then `load` is asked for the newest. */
export function useRevision<T extends object>(options: {
  draft: string;
  stored: Stored<T>;
  save: (values: T, version: number) => Promise<unknown>;
  load: () => Promise<Stored<T>>;
}) {
  const { stored } = options;
  const [opened] = useState<Typed<T>>({ ...stored, base: stored.values });
  const [typed, setTyped, forget] = useDraft<Typed<T>>(options.draft, opened);
  const [differences, setDifferences] = useState<Difference<T>[]>([]);
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<unknown>(null);

  const set = (change: Partial<T>) =>
    setTyped({ ...typed, values: { ...typed.values, ...change } });

  const submit = async (): Promise<boolean> => {
    setBusy(true);
    setError(null);
    try {
      await options.save(typed.values, typed.version);
      forget();
      return true;
    } catch (problem) {
      if (problem instanceof ProblemError && problem.status === 412) {
        try {
          const newest = await options.load();
          const { values, differences: found } = reconcile(typed.values, typed.base, newest.values);
          setTyped({ values, base: newest.values, version: newest.version });
          setDifferences(found);
        } catch (trouble) {
          setError(trouble);
        }
      } else setError(problem);
      return false;
    } finally {
      setBusy(false);
    }
  };

  return {
    values: typed.values,
    changed: !same(typed.values, typed.base),
    set,
    submit,
    busy,
    error,
    differences,
    /** Give up what was typed in a field for what somebody else saved. */
    take: (difference: Difference<T>) => {
      set({ [difference.field]: difference.now } as unknown as Partial<T>);
      setDifferences(differences.filter((one) => one !== difference));
    },
    discard: () => {
      forget();
      setDifferences([]);
      setError(null);
    },
  };
}
