import { automaticPath, waitingPath } from './diff.ts'

export { createDuplicatesDesk, type DuplicatesDesk, type GroupView } from './desk.ts'
export { exclusionsTable } from './exclusions.ts'
export { emptyDuplicateStore, type LazyDuplicateFiles, lazyDuplicateFiles } from './files.ts'
export { duplicatesKind } from './kind.ts'
export { createDuplicatesLooker, type DuplicatesLooker } from './looker.ts'
export { type DuplicatesSpec, duplicatesSpecOf, kindName } from './spec.ts'

export { exclusionsFile, storeFile as duplicatesStoreFile } from './store.ts'

/** The drift that the merge of a rule's sure groups, or of one group, mends. */
export const resolvedPaths = { automatic: automaticPath, waiting: waitingPath } as const
