import { ActionIcon, Button, Tooltip } from "@mantine/core";
import type { MouseEvent, ReactNode } from "react";

/**
 * A button of a tool bar that can be on or off. After a click of the mouse it lets go of the
 * focus, so that Space plays again; from the keyboard the focus stays.
 */
export function ToolButton({
  label,
  keys,
  pressed,
  onClick,
  icon,
  disabled,
  children,
}: {
  label: string;
  keys?: string;
  pressed?: boolean;
  onClick: () => void;
  icon?: ReactNode;
  disabled?: boolean;
  children?: ReactNode;
}) {
  const click = (event: MouseEvent<HTMLButtonElement>) => {
    if (event.detail > 0) event.currentTarget.blur();
    onClick();
  };
  const common = {
    onClick: click,
    disabled,
    "aria-pressed": pressed,
    variant: pressed ? "filled" : "default",
  };
  const tip = keys ? `${label} (${keys})` : label;
  if (icon) {
    return (
      <Tooltip label={tip}>
        <ActionIcon size={28} aria-label={label} {...common}>
          {icon}
        </ActionIcon>
      </Tooltip>
    );
  }
  return (
    <Tooltip label={tip} disabled={!keys}>
      <Button size="compact-xs" px={8} fw={500} {...common}>
        {children ?? label}
      </Button>
    </Tooltip>
  );
}
