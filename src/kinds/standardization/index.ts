export { standardizationKind } from './kind.ts'
