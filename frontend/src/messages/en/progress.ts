export const progress = {
  title: "Progress",
};
