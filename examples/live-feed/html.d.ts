/** Wrangler and esbuild hand over a page as its text. */
declare module '*.html' {
  const text: string;
  export default text;
}
