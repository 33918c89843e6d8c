//! Servers that end in the middle of uploads and imports.
