//! Connections to Redis or a Redis cluster.
use deadpool_redis::{
    PoolConfig, Runtime, cluster,
    redis::{aio::MultiplexedConnection, cluster_async::ClusterConnection},
};

use crate::error::Startup;

pub enum Pool {
    One(deadpool_redis::Pool),
    Cluster(cluster::Pool),
}

#[derive(Clone)]
pub enum Connection {
    One(MultiplexedConnection),
    Cluster(ClusterConnection),
}

impl Pool {
    /// `url` is one server, or several servers of a cluster separated by commas.
    pub fn new(url: &str, size: usize) -> Result<Self, Startup> {
        let wrong = |error: &dyn std::error::Error| {
            Startup::new(format!(
                "CACHE_URL is not redis://HOST:PORT/N, or several with commas for a cluster ({error})"
            ))
        };
        let config = PoolConfig::new(size);
        let urls: Vec<String> = url.split(',').map(|part| part.trim().to_owned()).collect();
        if let [one] = &urls[..] {
            let builder = deadpool_redis::Config::from_url(one).builder();
            let builder = builder.map_err(|error| wrong(&error))?;
            let pool = builder.config(config).runtime(Runtime::Tokio1).build();
            return pool.map(Self::One).map_err(|error| wrong(&error));
        }
        let builder = cluster::Config::from_urls(urls).builder();
        let builder = builder.map_err(|error| wrong(&error))?;
        let pool = builder.config(config).runtime(Runtime::Tokio1).build();
        pool.map(Self::Cluster).map_err(|error| wrong(&error))
    }

    pub async fn connect(&self) -> Result<Connection, String> {
        match self {
            Self::One(pool) => {
                let pooled = pool.get().await.map_err(|error| error.to_string())?;
                Ok(Connection::One(deadpool_redis::Connection::take(pooled)))
            }
            Self::Cluster(pool) => {
                let pooled = pool.get().await.map_err(|error| error.to_string())?;
                Ok(Connection::Cluster(cluster::Connection::take(pooled)))
            }
        }
    }
}
