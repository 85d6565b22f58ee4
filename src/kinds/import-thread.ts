/** The worker thread of an import. Joins what two kinds have for it, since kinds do not know each other. */
import { serve } from '../targets/process/serve.ts'
import { openKnown } from './duplicates/thread.ts'
import { workOfImport } from './import/thread.ts'

serve((input, context) => workOfImport(input, context, openKnown))
