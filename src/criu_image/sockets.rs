//! What the sockets in `files.img` ask for.

use super::ask::Ask;
use super::envelope::Entry;
use super::proto;
use super::reader::Notes;

/// `AF_INET6` of `bits/socket.h`.
const AF_INET6: u32 = 10;

/// Notes what a socket asks for, if the file is one.
pub(super) fn see(file: &proto::FileEntry, entry: &Entry<'_>, notes: &mut Notes) {
    let options = [
        ([4, 14], file.isk.as_ref().map(|socket| &socket.opts)),
        ([6, 7], file.psk.as_ref().map(|socket| &socket.opts)),
        ([7, 12], file.nlsk.as_ref().map(|socket| &socket.opts)),
        ([16, 10], file.usk.as_ref().map(|socket| &socket.opts)),
    ];
    for ([message, field], options) in options {
        if let Some(options) = options {
            see_options(
                options,
                |number| entry.field(&[message, field, number]),
                notes,
            );
        }
    }
    if let Some(inet) = &file.isk {
        see_inet(inet, entry, notes);
    }
}

fn see_options(
    options: &proto::SkOptsEntry,
    place: impl Fn(u32) -> crate::units::Place,
    notes: &mut Notes,
) {
    let asks = [
        (18, Ask::SocketBroadcast, options.so_broadcast == Some(true)),
        (19, Ask::SocketKeepalive, options.so_keepalive == Some(true)),
        (
            23,
            Ask::SocketOobinline,
            options.so_oobinline.is_some_and(|set| set != 0),
        ),
        // CRIU writes the time only where lingering is on, and 0 is one.
        (24, Ask::SocketLinger, options.so_linger.is_some()),
        // Set again whatever its value is.
        (25, Ask::SocketBufLock, options.so_buf_lock.is_some()),
    ];
    for (number, ask, _) in asks.into_iter().filter(|(_, _, asked)| *asked) {
        notes.asks.see(ask, || place(number));
    }
}

fn see_inet(socket: &proto::InetSkEntry, entry: &Entry<'_>, notes: &mut Notes) {
    if let Some(options) = &socket.ip_opts {
        let freebind = options.freebind == Some(true) && socket.family == AF_INET6;
        let asks = [
            (1, Ask::Ipv6Freebind, freebind),
            (5, Ask::SocketPktinfo, options.pktinfo == Some(true)),
            (6, Ask::SocketTos, options.tos.is_some_and(|tos| tos != 0)),
        ];
        for (number, ask, _) in asks.into_iter().filter(|(_, _, asked)| *asked) {
            notes.asks.see(ask, || entry.field(&[4, 16, number]));
        }
    }
    // The message is there for every TCP socket, and empty where nothing is set.
    if socket
        .tcp_opts
        .as_ref()
        .is_some_and(|options| *options != proto::TcpOptsEntry::default())
    {
        notes.asks.see(Ask::TcpOptions, || entry.field(&[4, 20]));
    }
}
