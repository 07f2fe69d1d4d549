//! Laws of what is heeded.
