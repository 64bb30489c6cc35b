// Keyboard shortcuts: each page names its own while it is shown, and the help sheet lists them.

import { useHotkeys } from "@mantine/hooks";
import {
  createContext,
  type ReactNode,
  useContext,
  useEffect,
  useId,
  useMemo,
  useState,
} from "react";

export interface Shortcut {
  /** As Mantine writes it: `mod+S`, `shift+ArrowLeft`, `Space`. */
  keys: string;
  label: string;
  run: () => void;
}

export interface ShortcutGroup {
  title: string;
  shortcuts: Shortcut[];
}

interface Registry {
  groups: Map<string, ShortcutGroup>;
  put: (id: string, group: ShortcutGroup | null) => void;
}

const Context = createContext<Registry | null>(null);

export function ShortcutsProvider({ children }: { children: ReactNode }) {
  const [groups, setGroups] = useState(new Map<string, ShortcutGroup>());
  const registry = useMemo<Registry>(
    () => ({
      groups,
      put: (id, group) =>
        setGroups((before) => {
          const after = new Map(before);
          if (group) after.set(id, group);
          else after.delete(id);
          return after;
        }),
    }),
    [groups],
  );
  return <Context.Provider value={registry}>{children}</Context.Provider>;
}

/** The shortcuts that work on the present page. */
export function useShortcutGroups(): ShortcutGroup[] {
  return [...(useContext(Context)?.groups.values() ?? [])];
}

const SPACE_WORKS = "button, a, summary, [role=button], [role=switch], [role=checkbox], [role=tab]";
const ARROWS_WORK = "[role=tab], [role=slider], [role=menuitem], [role=option], [role=radio]";

/** Whether the control that has the focus needs the key itself: it has the first say. */
function belongsToControl(event: KeyboardEvent): boolean {
  if (!(event.target instanceof Element)) return false;
  if (event.key === " " || event.key === "Enter") return event.target.matches(SPACE_WORKS);
  return event.key.startsWith("Arrow") && event.target.matches(ARROWS_WORK);
}

/** Make shortcuts work while the caller is shown; they rest while somebody types in a field. */
export function useShortcuts(title: string, shortcuts: Shortcut[]): void {
  const id = useId();
  const put = useContext(Context)?.put;
  useHotkeys(
    shortcuts.map(({ keys, run }) => [
      keys,
      (event) => {
        if (belongsToControl(event)) return;
        event.preventDefault();
        run();
      },
      { preventDefault: false },
    ]),
  );
  const names = shortcuts.map((shortcut) => `${shortcut.keys} ${shortcut.label}`).join("\n");
  // biome-ignore lint/correctness/useExhaustiveDependencies: the names tell when the sheet changes
  useEffect(() => {
    put?.(id, { title, shortcuts });
    return () => put?.(id, null);
  }, [id, title, names]);
}
