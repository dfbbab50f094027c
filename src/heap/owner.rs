//! A heap and the evaluator that lives in it, as one value.

use self_cell::self_cell;

use super::Heap;
use crate::eval::Eval;

self_cell!(
    /// A heap together with the evaluator whose values it holds.
    pub(crate) struct OwnedEval {
        owner: Heap,

        #[not_covariant]
        dependent: Eval,
    }
);

// SAFETY: the evaluator and its heap refer to nothing outside of each other that is not `Send` itself: host
// and store are by their bounds, sources are shared through `Arc`. All pointers and cells among them move
// together, and none can be reached but through this value, as closures passed to `with_dependent_mut` are
// generic over the lifetime and so cannot keep a heap value.
unsafe impl Send for OwnedEval {}
