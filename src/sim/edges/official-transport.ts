/** In the place of src/targets/airtable/official-transport.ts: the sandbox in this process. */
import type { AirtableTransport } from '../../targets/airtable/transport.ts'
import { theSimulation } from './current.ts'

export function createOfficialTransport(): AirtableTransport & { close(): void } {
  return { send: (request) => theSimulation().transport.send(request), close: () => undefined }
}
