// The icons in use, each from its own file: the library's index would load all six thousand.

export { default as IconAlertTriangle } from "@tabler/icons-react/icons/IconAlertTriangle";
export { default as IconArrowLeft } from "@tabler/icons-react/icons/IconArrowLeft";
export { default as IconBrightnessHalf } from "@tabler/icons-react/icons/IconBrightnessHalf";
export { default as IconCamera } from "@tabler/icons-react/icons/IconCamera";
export { default as IconCheck } from "@tabler/icons-react/icons/IconCheck";
export { default as IconChevronDown } from "@tabler/icons-react/icons/IconChevronDown";
export { default as IconChevronLeft } from "@tabler/icons-react/icons/IconChevronLeft";
export { default as IconChevronRight } from "@tabler/icons-react/icons/IconChevronRight";
export { default as IconDownload } from "@tabler/icons-react/icons/IconDownload";
export { default as IconEye } from "@tabler/icons-react/icons/IconEye";
export { default as IconInfoCircle } from "@tabler/icons-react/icons/IconInfoCircle";
export { default as IconKeyboard } from "@tabler/icons-react/icons/IconKeyboard";
export { default as IconLogout } from "@tabler/icons-react/icons/IconLogout";
export { default as IconMaximize } from "@tabler/icons-react/icons/IconMaximize";
export { default as IconMinus } from "@tabler/icons-react/icons/IconMinus";
export { default as IconPlayerPause } from "@tabler/icons-react/icons/IconPlayerPause";
export { default as IconPlayerPlay } from "@tabler/icons-react/icons/IconPlayerPlay";
export { default as IconPlayerSkipBack } from "@tabler/icons-react/icons/IconPlayerSkipBack";
export { default as IconPlayerSkipForward } from "@tabler/icons-react/icons/IconPlayerSkipForward";
export { default as IconPlayerTrackNext } from "@tabler/icons-react/icons/IconPlayerTrackNext";
export { default as IconPlayerTrackPrev } from "@tabler/icons-react/icons/IconPlayerTrackPrev";
export { default as IconPlus } from "@tabler/icons-react/icons/IconPlus";
export { default as IconRepeat } from "@tabler/icons-react/icons/IconRepeat";
export { default as IconRulerMeasure } from "@tabler/icons-react/icons/IconRulerMeasure";
export { default as IconUser } from "@tabler/icons-react/icons/IconUser";
export { default as IconX } from "@tabler/icons-react/icons/IconX";
