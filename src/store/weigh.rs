/// Approximate number of bytes that a value owns on the heap.
pub trait Weigh {
    fn heap(&self) -> usize {
        0
    }
}

impl Weigh for i64 {}
impl Weigh for bool {}
impl Weigh for crate::time::Timestamp {}
impl Weigh for uuid::Uuid {}

impl Weigh for String {
    fn heap(&self) -> usize {
        self.len()
    }
}

impl Weigh for serde_json::Value {
    fn heap(&self) -> usize {
        match self {
            Self::String(text) => text.len(),
            Self::Array(items) => items.heap(),
            Self::Object(fields) => fields
                .iter()
                .map(|(key, value)| 96 + key.len() + value.heap())
                .sum(),
            _ => 0,
        }
    }
}

macro_rules! weigh_rows {
    ($($column:ident $index:tt),+) => {
        impl<$($column: Weigh),+> Weigh for ($($column,)+) {
            fn heap(&self) -> usize {
                0 $(+ self.$index.heap())+
            }
        }
    };
}

weigh_rows!(A 0, B 1);
weigh_rows!(A 0, B 1, C 2);
weigh_rows!(A 0, B 1, C 2, D 3);

impl<T: Weigh> Weigh for Option<T> {
    fn heap(&self) -> usize {
        self.as_ref().map_or(0, Weigh::heap)
    }
}

impl<T: Weigh> Weigh for Vec<T> {
    fn heap(&self) -> usize {
        size_of::<T>() * self.capacity() + self.iter().map(Weigh::heap).sum::<usize>()
    }
}
