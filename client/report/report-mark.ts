/** By which an earlier report is known from other files: it stands in the head of the page, within its first 4,096 bytes. */
export const reportMark = '<meta name="generator" content="seedmill report">';
