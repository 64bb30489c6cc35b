import { createTheme, type MantineColorsTuple } from "@mantine/core";
import { t } from "../messages";

// A calm blue that keeps clear of the blue of the asymmetry scale.
const ink: MantineColorsTuple = [
  "#eef3f8",
  "#dbe5ef",
  "#b5c9df",
  "#8babce",
  "#6891c0",
  "#5281b8",
  "#4579b5",
  "#36679f",
  "#2c5c8f",
  "#1c4f7f",
];

export const theme = createTheme({
  primaryColor: "ink",
  primaryShade: { light: 8, dark: 6 },
  colors: { ink },
  fontFamily:
    'system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans", "Liberation Sans", sans-serif',
  defaultRadius: "sm",
  cursorType: "pointer",
  autoContrast: true,
  headings: { fontWeight: "600" },
  components: {
    Table: { defaultProps: { verticalSpacing: 6, highlightOnHover: true } },
    // Coloured words on their own pale ground are below 4.5 : 1; the ground carries the colour.
    Alert: { styles: { title: { color: "var(--mantine-color-text)" } } },
    Badge: {
      styles: (_theme: unknown, props: { variant?: string }) =>
        props.variant === "light" ? { label: { color: "var(--mantine-color-text)" } } : {},
    },
    // The placeholder is a focusable thing inside a menu that is no item of it.
    Menu: { defaultProps: { withInitialFocusPlaceholder: false } },
    Modal: {
      defaultProps: { centered: true, closeButtonProps: { "aria-label": t.app.close } },
      styles: { title: { fontWeight: 600 } },
    },
    Notification: { defaultProps: { closeButtonProps: { "aria-label": t.app.close } } },
    Tooltip: { defaultProps: { withArrow: true, openDelay: 300 } },
  },
});
