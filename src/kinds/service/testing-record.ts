/** What a life of Trueup left behind about a service, for tests. */
import { join } from 'node:path'
import { openProcessStore } from '../../targets/process/supervision/process-store.ts'
import { recordOf, type ServiceRecord } from './record.ts'

/** What is recorded of a service. */
export function recordedOf(folder: string, name: string): ServiceRecord | undefined {
  const store = openProcessStore(join(folder, '.trueup', 'processes.db'), { keep: false })
  try {
    return recordOf(store, name)
  } finally {
    store.close()
  }
}
