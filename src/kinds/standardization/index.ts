export { type StandardizationPorts, standardizationKind } from './kind.ts'
