import { expect, test } from 'vitest'
import { createS3 } from './client.ts'

const keys = { accessKeyId: 'id', secretAccessKey: 'secret' }
const place = { region: 'us-east-1', bucket: 'sets', prefix: '', pathStyle: true }

test.each(['http://169.254.169.254', 'http://[::ffff:169.254.169.254]', 'http://2852039166'])(
  'a store at %s, where clouds keep credentials, is asked nothing',
  async (endpoint) => {
    const s3 = createS3({ ...place, endpoint }, keys, async () => undefined)
    await expect(s3.list('', AbortSignal.timeout(5000))).rejects.toMatchObject({
      code: 'BACKUP_TARGET_UNUSABLE',
      message: expect.stringContaining('leads where nothing is sent to'),
    })
  },
)
