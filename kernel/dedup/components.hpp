// Connected components of documents that share a band key within a group: union-find, one pass per band.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace drystone::dedup {

class Components {
  public:
    explicit Components(size_t documents);  // at most 2^32 - 2
    // Joins documents with equal (group, key). `keys` holds one band; documents where `counts` is 0 stay alone.
    void link(const uint32_t* keys, const uint32_t* groups, const uint32_t* counts);
    // The least document of each document's component.
    const std::vector<uint32_t>& roots();
    size_t size() const { return parent_.size(); }

  private:
    uint32_t find(uint32_t document);

    std::vector<uint32_t> parent_, table_;
};

}  // namespace drystone::dedup
