export { type DuplicateFiles, emptyDuplicateStore, lazyDuplicateFiles } from './files.ts'
export { type DuplicatesPorts, duplicatesKind } from './kind.ts'
