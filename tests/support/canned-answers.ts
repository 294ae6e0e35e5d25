/** An HTTP answer that is made up. */
export interface CannedAnswer {
  status: number;
  headers?: Record<string, string>;
  body?: string;
}

/** An S3 error answer, as Amazon writes it. */
export function s3Error(status: number, code: string, headers: Record<string, string> = {}): CannedAnswer {
  const body = `<?xml version="1.0" encoding="UTF-8"?>\n<Error><Code>${code}</Code><Message>canned ${code}</Message><RequestId>1</RequestId></Error>`;
  return { status, headers: { 'content-type': 'application/xml', 'x-amz-request-id': '1', ...headers }, body };
}

/** A web page, as a console, a captive portal or a gateway sends it. */
export function htmlPage(status: number): CannedAnswer {
  return { status, headers: { 'content-type': 'text/html; charset=utf-8' }, body: '<!doctype html><html><body>hello</body></html>' };
}
