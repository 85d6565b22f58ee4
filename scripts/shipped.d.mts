import type { Lock } from './lock-problems.mjs'

export function shippedPackages(lock: Lock): Set<string>
