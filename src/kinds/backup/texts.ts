/** Words and paths that several parts of a backup use. */

/** The path names the ask: an undone restore does not hold back another one. */
export function restorePath(askId: string): string {
  return `restore.${askId}`
}

export function countsText({ added, changed, removed }: { added: number; changed: number; removed: number }): string {
  return `${figure(added, 'record')} would come back, ${changed.toLocaleString('en')} be changed and ${removed.toLocaleString('en')} be removed`
}

export function figure(count: number, noun: string): string {
  return `${count.toLocaleString('en')} ${noun}${count === 1 ? '' : 's'}`
}
