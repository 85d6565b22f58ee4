/** Records that one request to Airtable may hold: https://airtable.com/developers/web/api/update-multiple-records. */
export const recordsPerRequest = 10
