/** Text with its control characters replaced: what a hostile server says must not command the terminal. */
export const printable = (text: string): string => text.replace(/[\u0000-\u001f\u007f-\u009f\u2028\u2029]/g, '?')
