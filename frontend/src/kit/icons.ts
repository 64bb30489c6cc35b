// The icons in use, each from its own file: the library's index would load all six thousand.

export { default as IconAlertTriangle } from "@tabler/icons-react/icons/IconAlertTriangle";
export { default as IconArrowLeft } from "@tabler/icons-react/icons/IconArrowLeft";
export { default as IconBrightnessHalf } from "@tabler/icons-react/icons/IconBrightnessHalf";
export { default as IconCheck } from "@tabler/icons-react/icons/IconCheck";
export { default as IconChevronLeft } from "@tabler/icons-react/icons/IconChevronLeft";
export { default as IconChevronRight } from "@tabler/icons-react/icons/IconChevronRight";
export { default as IconKeyboard } from "@tabler/icons-react/icons/IconKeyboard";
export { default as IconLogout } from "@tabler/icons-react/icons/IconLogout";
export { default as IconUser } from "@tabler/icons-react/icons/IconUser";
