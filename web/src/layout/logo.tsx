export function Logo({ size = 24 }: { size?: number }) {
  return (
    <svg viewBox="0 0 32 32" width={size} height={size} aria-hidden>
      <rect width="32" height="32" rx="8" fill="#3547c8" />
      <path d="M15 6h2v20h-2z" fill="#fff" />
      <path d="M7 9h14l4 3.5-4 3.5H7z" fill="#fff" />
      <path d="M25 18H13l-4 3 4 3h12z" fill="#c3cbff" />
    </svg>
  );
}
