// The slow half of the pool: building it, the shared stack, and the checks.
//
// The shared part is Treiber's stack (IBM RJ 5118, 1986) of packet indices. `next_` lies beside the packets, not in
// them, so looking at a packet that another thread has just taken is an atomic load of a valid index and never a data
// race.
#include <ixy/core/mempool.hpp>

#include <cstdio>
#include <cstdlib>
#include <new>

#include "poison.hpp"
#include "pool_registry.hpp"

namespace ixy {

namespace {

// `top_` is one 64-bit word: the index of the top packet in the low 25 bits, above it a tag that every push and pop
// increments. A pop reads the top, walks down `next_`, and swaps the top only if the whole word is unchanged. So it can
// only be fooled (ABA) if, between its load and its swap, the same packet is on top again after a multiple of 2^39
// operations: a thread would have to sleep there for hours (2^39 operations of 20 ns take three), and wake at exactly
// the right operation.
constexpr unsigned index_bits = 25;
constexpr std::uint32_t nothing = (1u << index_bits) - 1;
constexpr std::size_t most_packets = std::size_t{1} << 24;
static_assert(most_packets <= nothing);

constexpr std::uint32_t index_of(std::uint64_t top) { return static_cast<std::uint32_t>(top) & nothing; }
constexpr std::uint64_t successor(std::uint64_t top, std::uint32_t index) {
    return ((top >> index_bits) + 1) << index_bits | index;
}

/// Pieces are small compared with a huge page, so they fit into the room that rings and other pools leave in it.
constexpr std::size_t piece_bytes = std::size_t{256} << 10;

#ifdef NDEBUG
constexpr bool debugging = false;
#else
constexpr bool debugging = true;
#endif

std::span<const std::byte> room_of(const Packet& packet) { return {packet.buffer(), packet.capacity()}; }

[[noreturn]] void mistake(const char* what, const void* packet) {
    std::fprintf(stderr, "ixy: mempool: %s (%p)\n", what, packet);
    std::abort();
}

Expected<> check(const MempoolOptions& options) {
    const auto wrong = [](const char* name, std::size_t value, const char* range) {
        return failure(ErrorKind::invalid_argument, std::string("mempool: ") + name + " = " + std::to_string(value),
                       std::string("choose ") + range);
    };
    if (options.packets < 1 || options.packets > most_packets)
        return wrong("packets", options.packets, "1 to 16777216");
    if (options.data_room < 64 || options.data_room > 16384 || options.data_room % 64 != 0)
        return wrong("data_room", options.data_room, "a multiple of 64 from 64 to 16384");
    if (options.headroom > 1024 || options.headroom % 64 != 0)
        return wrong("headroom", options.headroom, "a multiple of 64 up to 1024");
    return {};
}

/// Bytes from one packet to the next: an odd number of cache lines, so the metadata of neighbouring packets falls into
/// different sets of every cache instead of into a few.
constexpr std::size_t stride_of(const MempoolOptions& options) {
    const std::size_t lines = (sizeof(Packet) + options.headroom + options.data_room) / 64;
    return (lines | 1) * 64;
}

}  // namespace

Expected<std::shared_ptr<Mempool>> Mempool::create(std::shared_ptr<DmaSpace> space, const MempoolOptions& options) {
    if (auto valid = check(options); !valid) return std::unexpected(std::move(valid.error()));
    std::shared_ptr<Mempool> pool(new Mempool(std::move(space), options), let_go, LineAllocator<Mempool>());
    if (auto built = pool->build(options); !built) return std::unexpected(std::move(built.error()));
    PoolRegistry::add(*pool);
    return pool;
}

Mempool::Mempool(std::shared_ptr<DmaSpace> space, const MempoolOptions& options)
    : caches_(std::make_unique_for_overwrite<Cache[]>(cache_count)),
      headroom_(static_cast<std::uint16_t>(options.headroom)),
      checked_(options.checked || debugging),
      data_room_(options.data_room),
      cache_capacity_(std::min(Cache::most, options.packets / 8)),  // idle caches must not starve the others
      space_(std::move(space)),
      top_(nothing) {
    for (std::size_t slot = 0; slot < detail::thread_slots; ++slot)
        caches_[slot].capacity = static_cast<std::uint32_t>(cache_capacity_);
}

void Mempool::let_go(Mempool* pool) {
    PoolRegistry::remove(*pool);  // first, so that no ending thread moves packets while they are counted
    if (pool->available() == pool->size()) {
        delete pool;
        return;
    }
    if (pool->checked_) mistake("released while some of its packets are in use", pool);
    PoolRegistry::add(*pool);
}

Expected<> Mempool::build(const MempoolOptions& options) {
    const std::size_t stride = stride_of(options);
    const std::size_t fit = std::min(std::max(piece_bytes, stride), space_->largest_piece()) / stride;
    if (fit == 0)
        return failure(ErrorKind::invalid_argument,
                       space_->describe() + ": no room for a packet of " + std::to_string(stride) + " bytes",
                       "choose a smaller data_room");
    packets_.reserve(options.packets);
    next_ = decltype(next_)(options.packets);
    if (checked_) taken_ = decltype(taken_)(options.packets);
    while (packets_.size() < options.packets) {
        const std::size_t count = std::min(fit, options.packets - packets_.size());
        auto piece = space_->allocate(count * stride, 64, options.node);
        if (!piece) {
            packets_.clear();  // the caller never sees them
            return std::unexpected(std::move(piece.error()));
        }
        add_packets(*piece, count, stride);
        memory_.push_back(std::move(*piece));
    }
    if (checked_)
        for (const Packet* packet : packets_) detail::poison(room_of(*packet));
    push_shared(packets_);
    return {};
}

void Mempool::add_packets(const DmaMemory& piece, std::size_t count, std::size_t stride) {
    for (std::size_t i = 0; i < count; ++i)
        packets_.push_back(new (piece.data() + i * stride) Packet(
            *this, piece.address() + (i * stride + sizeof(Packet)), static_cast<std::uint32_t>(packets_.size()),
            static_cast<std::uint16_t>(headroom_ + data_room_)));
}

std::size_t Mempool::available() const {
    std::int64_t sum = shared_count_.load(std::memory_order_relaxed);
    for (std::size_t slot = 0; slot < cache_count; ++slot) sum += caches_[slot].count.load(std::memory_order_relaxed);
    return static_cast<std::size_t>(std::clamp<std::int64_t>(sum, 0, static_cast<std::int64_t>(size())));
}

std::size_t Mempool::allocate_slowly(std::span<Packet*> slots) {
    detail::take_thread_slot();
    Cache& cache = caches_[detail::thread_slot];
    const auto take = [&cache](std::span<Packet*> wanted) {
        const std::uint32_t count = cache.count.load(std::memory_order_relaxed);
        const std::size_t taken = std::min<std::size_t>(count, wanted.size());
        std::copy_n(cache.packets + (count - taken), taken, wanted.data());
        cache.count.store(count - static_cast<std::uint32_t>(taken), std::memory_order_relaxed);
        return taken;
    };
    std::size_t got = take(slots);
    const std::size_t missing = slots.size() - got;
    if (missing > cache.capacity) {
        got += pop_shared(slots.subspan(got));
    } else if (missing != 0) {  // then the cache is empty
        // Half a cache beyond the request serves the next calls, unless they want more than that. Then the cache is
        // left empty, with room for the packets that they give back.
        const std::size_t beyond = slots.size() <= cache.capacity / 2 ? cache.capacity / 2 : 0;
        const std::size_t refill = std::min<std::size_t>(cache.capacity, missing + beyond);
        cache.count.store(static_cast<std::uint32_t>(pop_shared({cache.packets, refill})), std::memory_order_relaxed);
        got += take(slots.subspan(got));
    }
    if (checked_) note_taken(slots.first(got));
    return got;
}

void Mempool::free_slowly(std::span<Packet* const> packets) {
    detail::take_thread_slot();
    Cache& cache = caches_[detail::thread_slot];
    if (packets.size() > cache.capacity) return push_shared(packets);
    // Spill the packets at the bottom, which have been cold the longest, and keep half of the remaining room filled.
    const std::size_t count = cache.count.load(std::memory_order_relaxed);
    const std::size_t keep = std::min(count, (cache.capacity - packets.size()) / 2);
    push_shared({cache.packets, count - keep});
    std::copy_n(cache.packets + (count - keep), keep, cache.packets);
    std::copy_n(packets.data(), packets.size(), cache.packets + keep);
    cache.count.store(static_cast<std::uint32_t>(keep + packets.size()), std::memory_order_relaxed);
}

std::size_t Mempool::pop_shared(std::span<Packet*> slots) {
    // The acquire orders the freeing thread's writes to a packet and to next_ before our use of them.
    std::uint64_t top = top_.load(std::memory_order_acquire);
    std::size_t count = 0;
    std::uint32_t below = nothing;
    do {
        count = 0;
        for (below = index_of(top); below != nothing && count < slots.size(); ++count) {
            slots[count] = packets_[below];
            below = next_[below].load(std::memory_order_relaxed);  // stale if we lose the race, but always an index
        }
        if (count == 0) return 0;
    } while (
        !top_.compare_exchange_weak(top, successor(top, below), std::memory_order_acquire, std::memory_order_acquire));
    shared_count_.fetch_sub(static_cast<std::int64_t>(count), std::memory_order_relaxed);
    return count;
}

void Mempool::push_shared(std::span<Packet* const> packets) {
    if (packets.empty()) return;
    for (std::size_t i = 0; i + 1 < packets.size(); ++i)
        next_[packets[i]->index()].store(packets[i + 1]->index(), std::memory_order_relaxed);
    std::uint64_t top = top_.load(std::memory_order_relaxed);
    do {
        next_[packets.back()->index()].store(index_of(top), std::memory_order_relaxed);
        // The release orders our writes to the packets and to next_ before their use by the thread that pops them.
    } while (!top_.compare_exchange_weak(top, successor(top, packets.front()->index()), std::memory_order_release,
                                         std::memory_order_relaxed));
    shared_count_.fetch_add(static_cast<std::int64_t>(packets.size()), std::memory_order_relaxed);
}

void Mempool::flush_cache(std::size_t slot) {
    Cache& cache = caches_[slot];
    push_shared({cache.packets, cache.count.load(std::memory_order_relaxed)});
    cache.count.store(0, std::memory_order_relaxed);
}

void Mempool::note_taken(std::span<Packet* const> packets) {
    for (Packet* packet : packets) {
        if (taken_[packet->index()].exchange(true, std::memory_order_relaxed))
            mistake("packet handed out twice: memory was overwritten", packet);
        detail::unpoison(room_of(*packet));
    }
}

void Mempool::note_freed(std::span<Packet* const> packets) {
    for (Packet* packet : packets) {
        if (packet == nullptr) mistake("null packet given back", packet);
        if (packet->index() >= size() || packets_[packet->index()] != packet)
            mistake("packet given back to a pool that it is not from", packet);
        if (!taken_[packet->index()].exchange(false, std::memory_order_relaxed))
            mistake("packet given back twice", packet);
        detail::poison(room_of(*packet));
    }
}

namespace {

/// Gathers pieces and gives back each run from the same pool in bulk.
class PieceCollector {
public:
    ~PieceCollector() { flush(); }
    void add(Packet* piece) {
        if (count_ == std::size(pieces_) || (count_ != 0 && &piece->pool() != &pieces_[0]->pool())) flush();
        pieces_[count_++] = piece;
    }

private:
    void flush() {
        if (count_ != 0) pieces_[0]->pool().free({pieces_, count_});
        count_ = 0;
    }
    Packet* pieces_[64];
    std::size_t count_ = 0;
};

void free_chains(std::span<Packet* const> packets) {
    PieceCollector collector;
    for (Packet* packet : packets)
        for (Packet* piece = packet; piece != nullptr;) {
            Packet* next = piece->next();  // read it before the piece may belong to someone else
            collector.add(piece);
            piece = next;
        }
}

}  // namespace

void free_packets(std::span<Packet* const> packets) {
    while (!packets.empty()) {
        Mempool& pool = packets.front()->pool();
        std::size_t run = 0;
        while (run < packets.size() && packets[run]->next() == nullptr && &packets[run]->pool() == &pool) ++run;
        if (run == 0) return free_chains(packets);
        pool.free(packets.first(run));
        packets = packets.subspan(run);
    }
}

}  // namespace ixy
